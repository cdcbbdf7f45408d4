"""What the lifecycle of versions costs: promotions that race, what stood when among many intervals, pulls."""
