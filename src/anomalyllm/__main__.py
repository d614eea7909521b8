"""`python -m anomalyllm` is the command `anomalyllm`."""

from anomalyllm.cli import main

main()
