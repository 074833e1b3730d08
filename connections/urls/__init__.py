"""Where the doors of connections are: pages of the team, pages of a contact, REST."""
