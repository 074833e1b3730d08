"""Pages about what happens to referrals: overview, real-time referral, deliveries."""
