"""From what an advertiser sent to a draft: pasted requests, API descriptions, sample answers."""
