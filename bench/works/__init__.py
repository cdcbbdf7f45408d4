"""What is measured, by the part of the API that it asks."""
