"""`python -m deploy.kafka`: run a broker until Ctrl-C."""

from deploy.kafka.broker import main

main()
