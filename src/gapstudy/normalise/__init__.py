"""Raw records -> core tables: dates, countries, organisations and duplicates resolved."""
