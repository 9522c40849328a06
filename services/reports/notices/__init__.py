"""What each account is told of the cases it answers for, watches or decides."""
