"""One file per page: a router, and what its page needs. Pages decide nothing; they call the office."""
