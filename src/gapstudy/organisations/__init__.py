"""Names and affiliation strings to organisations, countries and kinds."""
