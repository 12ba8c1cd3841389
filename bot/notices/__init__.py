"""Telling the people of the office what waits for them: by mail, webhook or chat, seldom, in nobody else's words."""
