"""The eight facts that an advertiser hands over, asked for by a link, and a draft made of them."""
