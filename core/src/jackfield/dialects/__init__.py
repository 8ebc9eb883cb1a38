"""The client dialects. Each translates to and from OpenAI Responses, the one language inside."""
