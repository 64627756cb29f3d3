
resource "aws_sfn_state_machine" "@name@" {
  name       = "${var.name}-@name@"
  type       = "STANDARD"
  role_arn   = aws_iam_role.saga["@name@"].arn
  publish    = true
  depends_on = [@depends@]

  definition = templatefile(@definition@, {
@substitutions@
  })

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false # inputs and outputs are the business's
    log_destination        = "${aws_cloudwatch_log_group.saga["@name@"].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }
}

resource "aws_sfn_alias" "@name@" {
  name = "live"

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.@name@.state_machine_version_arn
    weight                    = contains(keys(var.stable_versions), "@name@") ? var.canary_percent : 100
  }

  dynamic "routing_configuration" {
    for_each = [for saga, version in var.stable_versions : version if saga == "@name@"]
    content {
      state_machine_version_arn = routing_configuration.value
      weight                    = 100 - var.canary_percent
    }
  }
}

output "@name@_arn" {
  description = "What starts `@name@`."
  value       = aws_sfn_alias.@name@.arn
}

output "@name@_version" {
  description = "The version to keep in `stable_versions` while the next one is tried."
  value       = aws_sfn_state_machine.@name@.state_machine_version_arn
}
