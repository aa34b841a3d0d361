"""Sources -> stored responses -> raw records."""
