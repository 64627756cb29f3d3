# Made by `cargo saga template --format terraform`. Make it again when a participant comes or goes, publishes another event or reacts
# to another one. To deploy it:
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

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  workspace     = @workspace@
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
  place         = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"

  # Whether topics and queues keep the order of a saga's events.
  fifo   = @fifo@
  suffix = local.fifo ? ".fifo" : ""

  # What publishes the events of each service that has some.
  relay = "@relay@"

  # Each service with its binary, and how often it gets a message before it puts it aside with the reason, and SQS without.
  services = {
@services@
  }
  publishers = { for name, service in local.services : name => service if service.publishes }

  # The tables that are made here, by what the function calls them. Only a barrier's items expire, and are published.
  tables = {
@tables@
  }

  # Who listens to whom, and for what.
  subscriptions = {
@subscriptions@
  }

  # Every function: a service's own, and its relay.
  functions = merge(
    { for name, service in local.services : name => { binary = service.binary, timeout = @timeout@, role = aws_iam_role.service[name].arn, variables = {
      SAGA_TABLE_PREFIX    = service.prefix
      SAGA_DEAD_LETTER_URL = aws_sqs_queue.dead[name].url
      SAGA_MAX_RECEIVES    = tostring(service.receives[0])
    } } },
    { for name, service in local.publishers : "${name}-relay" => { binary = local.relay, timeout = @relay_timeout@, role = aws_iam_role.relay[name].arn, variables = {
      SAGA_TABLE_PREFIX       = service.prefix
      SAGA_TOPIC_ARN          = aws_sns_topic.service[name].arn
      SAGA_RELAY_FAILURES_URL = aws_sqs_queue.relay_failures[name].url
    } } },
  )
  names = concat(keys(local.services), [for name in keys(local.publishers) : "${name}-relay"])

  assume = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_dynamodb_table" "saga" {
  for_each         = local.tables
  name             = "${local.services[each.value.of].prefix}${each.value.name}"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = each.value.key
  stream_enabled   = each.value.name == "saga_barrier" && local.services[each.value.of].publishes
  stream_view_type = each.value.name == "saga_barrier" && local.services[each.value.of].publishes ? "NEW_AND_OLD_IMAGES" : null

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
  for_each         = toset(local.names)
  function_name    = "${var.name}-${each.key}"
  filename         = "${local.workspace}/target/lambda/${local.functions[each.key].binary}/bootstrap.zip"
  source_code_hash = filebase64sha256("${local.workspace}/target/lambda/${local.functions[each.key].binary}/bootstrap.zip")
  handler          = "bootstrap"
  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  memory_size      = var.function_memory
  timeout          = local.functions[each.key].timeout
  role             = local.functions[each.key].role
  depends_on       = [aws_iam_role_policy.service, aws_iam_role_policy.relay, aws_dynamodb_table.saga]

  environment {
    variables = local.functions[each.key].variables
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = toset(local.names)
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

# What comes to a service. It stands in the publishers' records too.
resource "aws_sqs_queue" "service" {
  for_each                   = local.services
  name                       = "${var.name}-${each.key}${local.suffix}"
  fifo_queue                 = local.fifo
  deduplication_scope        = local.fifo ? "messageGroup" : null
  fifo_throughput_limit      = local.fifo ? "perMessageGroupId" : null
  visibility_timeout_seconds = @visibility@ # six times the function's timeout, as Lambda asks
  message_retention_seconds  = 345600
  sqs_managed_sse_enabled    = true
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn, maxReceiveCount = each.value.receives[1] })
}

resource "aws_sqs_queue" "dead" {
  for_each                  = local.services
  name                      = "${var.name}-${each.key}-dead${local.suffix}"
  fifo_queue                = local.fifo
  deduplication_scope       = local.fifo ? "messageGroup" : null
  fifo_throughput_limit     = local.fifo ? "perMessageGroupId" : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

# Only the topics that a service listens to; what SNS cannot bring to the queue comes to the other one.
resource "aws_sqs_queue_policy" "topics" {
  for_each = merge([for name in distinct([for subscription in local.subscriptions : subscription.by]) : {
    "${name}"      = { by = name, queue = aws_sqs_queue.service[name] }
    "${name}-dead" = { by = name, queue = aws_sqs_queue.dead[name] }
  }]...)
  queue_url = each.value.queue.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = each.value.queue.arn
      Condition = { ArnEquals = { "aws:SourceArn" = [
        for subscription in local.subscriptions : aws_sns_topic.service[subscription.to].arn if subscription.by == each.value.by
      ] } }
    }]
  })
}

resource "aws_lambda_event_source_mapping" "service" {
  for_each                = local.services
  event_source_arn        = aws_sqs_queue.service[each.key].arn
  function_name           = aws_lambda_function.saga[each.key].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
}

resource "aws_sns_topic" "service" {
  for_each              = local.publishers
  name                  = "${var.name}-${each.key}${local.suffix}"
  fifo_topic            = local.fifo
  fifo_throughput_scope = local.fifo ? "MessageGroup" : null
  kms_master_key_id     = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "service" {
  for_each             = local.subscriptions
  topic_arn            = aws_sns_topic.service[each.value.to].arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.service[each.value.by].arn
  raw_message_delivery = true
  filter_policy        = jsonencode({ type = each.value.types })
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead[each.value.by].arn })
  depends_on           = [aws_sqs_queue_policy.topics]
}

# Nothing is published before those who react to it have subscribed.
resource "aws_lambda_event_source_mapping" "relay" {
  for_each                       = local.publishers
  event_source_arn               = aws_dynamodb_table.saga["${each.key}.saga_barrier"].stream_arn
  function_name                  = aws_lambda_function.saga["${each.key}-relay"].arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 100
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = -1    # as often as there is time for
  maximum_record_age_in_seconds  = 79200 # 22 hours: the stream keeps a record for 24
  depends_on                     = [aws_sns_topic_subscription.service]

  filter_criteria {
    filter { # what expires says nothing
      pattern = jsonencode({ eventName = ["INSERT", "MODIFY"] })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.relay_failures[each.key].arn
    }
  }
}

# Which records were not published, for `redrive`. Lambda tells no FIFO queue.
resource "aws_sqs_queue" "relay_failures" {
  for_each                  = local.publishers
  name                      = "${var.name}-${each.key}-relay-failures"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_iam_role" "service" {
  for_each           = local.services
  name               = "${var.name}-${each.key}"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "service" {
  for_each = local.services
  name     = "function"
  role     = aws_iam_role.service[each.key].id
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
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.service[each.key].arn
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead[each.key].arn
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

resource "aws_iam_role" "relay" {
  for_each           = local.publishers
  name               = "${var.name}-${each.key}-relay"
  assume_role_policy = local.assume
}

resource "aws_iam_role_policy" "relay" {
  for_each = local.publishers
  name     = "function"
  role     = aws_iam_role.relay[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = aws_dynamodb_table.saga["${each.key}.saga_barrier"].stream_arn
      },
      { # a redrive reads the records
        Effect   = "Allow"
        Action   = "dynamodb:Scan"
        Resource = aws_dynamodb_table.saga["${each.key}.saga_barrier"].arn
      },
      { # `PublishBatch` too is allowed by this
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = aws_sns_topic.service[each.key].arn
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.relay_failures[each.key].arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function["${each.key}-relay"].arn}:*"
      },
      { # X-Ray knows no resources
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      },
    ]
  })
}

# A message or a record that failed is no error of the function, so Lambda's own count of errors says little.
resource "aws_cloudwatch_log_metric_filter" "function_unknown" {
  for_each       = toset(local.names)
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
  for_each            = toset(local.names)
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
  for_each            = toset(local.names)
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

# A saga waits: for a message that was put aside, or for an event that could not be published.
resource "aws_cloudwatch_metric_alarm" "put_aside" {
  for_each = merge(
    { for name in keys(local.services) : "${name}-dead" => aws_sqs_queue.dead[name].name },
    { for name in keys(local.publishers) : "${name}-relay-failures" => aws_sqs_queue.relay_failures[name].name },
  )
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "A message was put aside, and a saga waits for it."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "relay_late" {
  for_each            = local.publishers
  alarm_name          = "${var.name}-${each.key}-relay-late"
  alarm_description   = "Events have waited for five minutes to be published."
  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = aws_lambda_function.saga["${each.key}-relay"].function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 300000
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

output "function_arns" {
  description = "What takes the commands of each service, and answers them."
  value       = { for name in keys(local.services) : name => aws_lambda_function.saga[name].arn }
}

output "queue_urls" {
  description = "Where messages to each service wait; commands may too."
  value       = { for name in keys(local.services) : name => aws_sqs_queue.service[name].url }
}

output "queue_arns" {
  description = "The same queues: where each service's dead letters go back to."
  value       = { for name in keys(local.services) : name => aws_sqs_queue.service[name].arn }
}

output "dead_letter_queue_arns" {
  description = "Where messages are that each service gave up."
  value       = { for name in keys(local.services) : name => aws_sqs_queue.dead[name].arn }
}

output "topic_arns" {
  description = "Where each service publishes."
  value       = { for name in keys(local.publishers) : name => aws_sns_topic.service[name].arn }
}
