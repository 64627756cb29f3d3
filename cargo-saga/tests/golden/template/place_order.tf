# Made by `cargo saga template --format terraform`. Make it again when a saga gains or loses a participant, or a shorter timeout;
# a new step alone changes nothing here. To deploy it:
#
#   cargo lambda build --profile lambda --arm64 --output-format zip
#   terraform init
#   terraform apply -var name=STAGE

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "name" {
  description = "What stands before all names."
  type        = string
}

variable "alarm_topic_arn" {
  description = "An SNS topic that is told of alarms; none if empty."
  type        = string
  default     = ""
}

variable "failed_percent" {
  description = "Alarm when more than this percentage of the sagas that ended within 5 minutes were compensated or failed; 0 for no such alarm."
  type        = number
  default     = 50
}

variable "function_memory" {
  description = "Megabytes of each function; its share of a processor grows with them."
  type        = number
  default     = 256
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

variable "stable_versions" {
  description = "By saga, the ARN of the version that keeps the rest of the traffic while a new one gets `canary_percent`."
  type        = map(string)
  default     = {}
}

variable "canary_percent" {
  description = "How much of the traffic a new version gets beside a stable one."
  type        = number
  default     = 10
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  workspace     = path.module
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
  place         = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
  states        = "arn:${data.aws_partition.current.partition}:states:${local.place}"

  # Each function with its binary, and with a timeout in seconds below the least TimeoutSeconds of its tasks.
  functions = {
    orders   = { binary = "place_order_orders", timeout = 25, prefix = "${var.name}-orders-", tables = ["orders"] }
    stock    = { binary = "place_order_stock", timeout = 9, prefix = "${var.name}-stock-", tables = ["shelves"] }
    payments = { binary = "place_order_payments", timeout = 25, prefix = "${var.name}-payments-", tables = ["bank"] }
    shipping = { binary = "place_order_shipping", timeout = 25, prefix = "freight-", tables = ["carrier"] }
  }

  # The tables that are made here, by what the function calls them. Only a barrier's items expire.
  tables = {
    "orders.saga_barrier"   = { of = "orders", name = "saga_barrier", key = "pk" }
    "orders.orders"         = { of = "orders", name = "orders", key = "order_id" }
    "stock.saga_barrier"    = { of = "stock", name = "saga_barrier", key = "pk" }
    "stock.shelves"         = { of = "stock", name = "shelves", key = "sku" }
    "payments.saga_barrier" = { of = "payments", name = "saga_barrier", key = "pk" }
    "payments.bank"         = { of = "payments", name = "bank", key = "key" }
    "shipping.saga_barrier" = { of = "shipping", name = "saga_barrier", key = "pk" }
  }

  # Which functions each saga calls, and which sagas.
  sagas = {
    place_order = { functions = ["orders", "stock", "payments", "shipping"], calls = [], parks = true, distributed = false }
  }
}

resource "aws_dynamodb_table" "saga" {
  for_each     = local.tables
  name         = "${local.functions[each.value.of].prefix}${each.value.name}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = each.value.key

  attribute {
    name = each.value.key
    type = "S"
  }

  dynamic "ttl" {
    for_each = each.value.name == "saga_barrier" ? ["ttl"] : []
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_lambda_function" "saga" {
  for_each         = local.functions
  function_name    = "${var.name}-${each.key}"
  filename         = "${local.workspace}/target/lambda/${each.value.binary}/bootstrap.zip"
  source_code_hash = filebase64sha256("${local.workspace}/target/lambda/${each.value.binary}/bootstrap.zip")
  handler          = "bootstrap"
  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  memory_size      = var.function_memory
  timeout          = each.value.timeout
  role             = aws_iam_role.function[each.key].arn
  depends_on       = [aws_iam_role_policy.function, aws_dynamodb_table.saga]

  environment {
    variables = { SAGA_TABLE_PREFIX = each.value.prefix }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions
  name     = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions
  name     = "function"
  role     = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { # a transaction is allowed by its parts
        Effect = "Allow"
        Action = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"]
        Resource = [
          for table in concat(["saga_barrier"], each.value.tables) :
          "arn:${data.aws_partition.current.partition}:dynamodb:${local.place}:table/${each.value.prefix}${table}"
        ]
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*"
      },
      { # X-Ray knows no resources
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

# A declared rejection is an error of the function too, so Lambda's own count of errors says little.
resource "aws_cloudwatch_log_metric_filter" "function_unknown" {
  for_each       = local.functions
  name           = "${var.name}-${each.key}-function-unknown"
  log_group_name = aws_cloudwatch_log_group.function[each.key].name
  pattern        = "{ ($.outcome = \"unknown\") || ($.type = \"platform.report\" && ($.record.status = \"timeout\" || $.record.status = \"failure\")) }"

  metric_transformation {
    namespace = "Saga/${var.name}"
    name      = "${each.key}-function-unknown"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "function_unknown" {
  for_each            = local.functions
  alarm_name          = "${var.name}-${each.key}-function-unknown"
  alarm_description   = "Deliveries panicked, crashed or ran out of time, more than now and then."
  namespace           = "Saga/${var.name}"
  metric_name         = "${each.key}-function-unknown"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 2
  threshold           = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "function_throttled" {
  for_each            = local.functions
  alarm_name          = "${var.name}-${each.key}-function-throttled"
  alarm_description   = "Lambda refuses deliveries: the account has too little concurrency."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = aws_lambda_function.saga[each.key].function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_iam_role" "saga" {
  for_each = local.sagas
  name     = "${var.name}-${each.key}-saga"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "saga" {
  for_each = local.sagas
  name     = "saga"
  role     = aws_iam_role.saga[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for functions in chunklist(each.value.functions, 55) : {
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [for function in functions : aws_lambda_function.saga[function].arn]
      }],
      [for queue in each.value.parks ? [aws_sqs_queue.parking.arn] : [] : {
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [queue]
      }],
      # The sagas that it calls, and how Step Functions learns that they have ended.
      [for called in each.value.calls : {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = ["${local.states}:stateMachine:${var.name}-${called}", "${local.states}:stateMachine:${var.name}-${called}:*"]
      }],
      [for called in each.value.calls : {
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution"]
        Resource = ["${local.states}:execution:${var.name}-${called}:*"]
      }],
      [for rule in length(each.value.calls) == 0 ? [] : ["StepFunctionsGetEventsForStepFunctionsExecutionRule"] : {
        Effect   = "Allow"
        Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
        Resource = ["arn:${data.aws_partition.current.partition}:events:${local.place}:rule/${rule}"]
      }],
      # The items of its distributed loops.
      [for saga in each.value.distributed ? [each.key] : [] : {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = ["${local.states}:stateMachine:${var.name}-${saga}", "${local.states}:stateMachine:${var.name}-${saga}:*"]
      }],
      [for saga in each.value.distributed ? [each.key] : [] : {
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"]
        Resource = ["${local.states}:execution:${var.name}-${saga}:*", "${local.states}:execution:${var.name}-${saga}/*:*"]
      }],
      # The delivery of logs and X-Ray know no resources.
      [{
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
          "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
          "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
        ]
        Resource = ["*"]
      }],
    )
  })
}

resource "aws_cloudwatch_log_group" "saga" {
  for_each          = local.sagas
  name              = "/aws/vendedlogs/states/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

# By design a compensated saga is FAILED, with the rejection that began it; the metrics do not tell it from others.
resource "aws_cloudwatch_metric_alarm" "saga_failed" {
  for_each            = { for name, saga in local.sagas : name => saga if var.failed_percent > 0 }
  alarm_name          = "${var.name}-${each.key}-failed"
  alarm_description   = "More of the sagas than usual are compensated, or fail."
  evaluation_periods  = 1
  threshold           = var.failed_percent
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  metric_query {
    id          = "percent"
    expression  = "IF(failed + done >= 10, 100 * failed / (failed + done), 0)"
    label       = "percentage of failed sagas"
    return_data = true
  }

  metric_query {
    id         = "failed"
    expression = "FILL(m1, 0)"
  }

  metric_query {
    id         = "done"
    expression = "FILL(m2, 0)"
  }

  dynamic "metric_query" {
    for_each = { m1 = "ExecutionsFailed", m2 = "ExecutionsSucceeded" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        dimensions  = { StateMachineArn = "${local.states}:stateMachine:${var.name}-${each.key}" }
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

# Sagas that are neither done nor compensated, until an operator redrives them; and sagas that wait for the account's quota.
resource "aws_cloudwatch_metric_alarm" "saga_ended" {
  for_each = merge([for name, saga in local.sagas : {
    "${name}-timed-out" = { saga = name, metric = "ExecutionsTimedOut", periods = 1 }
    "${name}-aborted"   = { saga = name, metric = "ExecutionsAborted", periods = 1 }
    "${name}-throttled" = { saga = name, metric = "ExecutionThrottled", periods = 3 }
  }]...)
  alarm_name          = "${var.name}-${each.key}"
  namespace           = "AWS/States"
  metric_name         = each.value.metric
  dimensions          = { StateMachineArn = "${local.states}:stateMachine:${var.name}-${each.value.saga}" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = each.value.periods
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_sfn_state_machine" "place_order" {
  name       = "${var.name}-place_order"
  type       = "STANDARD"
  role_arn   = aws_iam_role.saga["place_order"].arn
  publish    = true
  depends_on = [aws_iam_role_policy.saga]

  definition = templatefile("${path.module}/out/place_order.asl.json", {
    OrdersFunctionArn   = aws_lambda_function.saga["orders"].arn
    StockFunctionArn    = aws_lambda_function.saga["stock"].arn
    PaymentsFunctionArn = aws_lambda_function.saga["payments"].arn
    ShippingFunctionArn = aws_lambda_function.saga["shipping"].arn
    ParkingQueueUrl     = aws_sqs_queue.parking.url
  })

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false # inputs and outputs are the business's
    log_destination        = "${aws_cloudwatch_log_group.saga["place_order"].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}

resource "aws_sfn_alias" "place_order" {
  name = "live"

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.place_order.state_machine_version_arn
    weight                    = contains(keys(var.stable_versions), "place_order") ? var.canary_percent : 100
  }

  dynamic "routing_configuration" {
    for_each = [for saga, version in var.stable_versions : version if saga == "place_order"]
    content {
      state_machine_version_arn = routing_configuration.value
      weight                    = 100 - var.canary_percent
    }
  }
}

output "place_order_arn" {
  description = "What starts `place_order`."
  value       = aws_sfn_alias.place_order.arn
}

output "place_order_version" {
  description = "The version to keep in `stable_versions` while the next one is tried."
  value       = aws_sfn_state_machine.place_order.state_machine_version_arn
}

# Where a saga says that a compensation is stuck, and waits for an operator.
resource "aws_sqs_queue" "parking" {
  name                      = "${var.name}-parking"
  message_retention_seconds = 87300 # a message's token is good for 86400 s; then the saga sends another
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
