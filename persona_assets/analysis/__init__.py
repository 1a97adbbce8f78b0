"""What the features say: statistics of sparse activations across roles, role by role in bounded memory."""
