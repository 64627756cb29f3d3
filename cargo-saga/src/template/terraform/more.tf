
# What does not fit into a role itself.
resource "aws_iam_policy" "saga_functions" {
  for_each = merge([for name, saga in local.sagas : {
    for index, functions in chunklist(slice(saga.functions, min(@inline@, length(saga.functions)), length(saga.functions)), @managed@) :
    "${name}-${index + 2}" => { saga = name, functions = functions }
  }]...)
  name = "${var.name}-${each.key}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [for function in each.value.functions : aws_lambda_function.saga[function].arn]
    }]
  })
}

resource "aws_iam_role_policy_attachment" "saga_functions" {
  for_each   = aws_iam_policy.saga_functions
  role       = aws_iam_role.saga[regex("^(.*)-[0-9]+$", each.key)[0]].name
  policy_arn = each.value.arn
}
