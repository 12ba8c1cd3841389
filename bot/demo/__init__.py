"""What a newcomer sees first: a recorded feed of invented people. Data only; `platforms/recorded.py` plays it."""
