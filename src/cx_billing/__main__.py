"""`python -m cx_billing`: what `cx-billing` is, also where no script lies on the PATH."""

from cx_billing.cli import main

if __name__ == "__main__":
    main(prog_name="cx-billing")
