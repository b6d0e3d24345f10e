"""How much it carries: Locust users, shapes, ledger and report."""
