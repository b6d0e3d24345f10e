"""What a job was asked to be, and what follows from that at a given time; pure."""
