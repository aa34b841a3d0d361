"""The practitioner survey: shares of answers, ordered logit by region, what may be shown."""
