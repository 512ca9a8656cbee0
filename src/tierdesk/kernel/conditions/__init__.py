"""One language for views, search, triggers, routing, SLA choice, reports and webhooks. See README.md."""
