"""May we speak to this person, here, now? Consent, gates, limits and the words by which people leave. Pure."""
