
# Where a saga says that a compensation is stuck, and waits for an operator.
resource "aws_sqs_queue" "parking" {
  name                      = "${var.name}-parking"
  message_retention_seconds = @retention@ # a message's token is good for @token@ s; then the saga sends another
  sqs_managed_sse_enabled   = true
  redrive_policy            = jsonencode({ deadLetterTargetArn = aws_sqs_queue.parking_dead.arn, maxReceiveCount = 20 })
}

resource "aws_sqs_queue" "parking_dead" {
  name                      = "${var.name}-parking-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_metric_alarm" "parked" {
  for_each = {
    parked       = { queue = aws_sqs_queue.parking.name, metric = "ApproximateNumberOfMessagesVisible", threshold = 1 }
    parked-long  = { queue = aws_sqs_queue.parking.name, metric = "ApproximateAgeOfOldestMessage", threshold = 14400 }
    parking-dead = { queue = aws_sqs_queue.parking_dead.name, metric = "ApproximateNumberOfMessagesVisible", threshold = 1 }
  }
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "A saga waits in the parking queue: a compensation is stuck, and an operator must resume it."
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

output "parking_queue_url" {
  value = aws_sqs_queue.parking.url
}
