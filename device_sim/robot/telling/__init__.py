"""What is told of robots: members of their reports, logs of missions, counts of whole fleets."""
