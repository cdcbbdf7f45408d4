"""What the lifecycle of versions costs: promotions that race, what stood when among many intervals, counting of pulls."""
