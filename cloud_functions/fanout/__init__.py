"""Topics as SNS has them: who hears of one, and in which words."""
