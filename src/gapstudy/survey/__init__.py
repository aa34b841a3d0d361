"""The practitioner survey: questionnaire, codebook, import of responses, synthetic responses."""
