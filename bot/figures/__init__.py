"""The figures of the dashboard: what was heard, decided and said, counted from the store. It changes nothing."""
