"""Who is at the browser, and did they mean it: sign-in links, sessions, and the guard before every change."""
