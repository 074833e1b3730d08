"""cURL lines in the manner of vendors' documentation pages, with what these leave to fill in.

Endpoint, header names and parameters are those of the collection's documented request; its own
sources stand there. How a page writes a line (long or short flags, continued lines, shell
variables, the sign for what is to be filled in) was read where `read` says, and the person is ours.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PageLine:
    platform: str
    """Of the collection, as is `request`."""
    request: str
    line: str
    variables: dict[str, str] = field(default_factory=dict)
    """What the account manager gives, by the name that the draft asks for."""
    read: str = "from memory"
    """Where the manner of the line comes from."""


LINES = (
    PageLine(
        "mailchimp_marketing",
        "create",
        r"""
curl -X POST \
  "https://${dc}.api.mailchimp.com/3.0/lists/${list_id}/members" \
  --user "any:${apikey}" \
  -H 'content-type: application/json' \
  -d '{"email_address":"jane@example.org","status":"subscribed",
       "merge_fields":{"FNAME":"Jane","LNAME":"Doe"},"tags":["$SOURCE"]}'
""",
        {"list_id": "a1b2c3d4e5"},
    ),
    PageLine(
        "brevo",
        "upsert",
        r"""
curl --request POST \
     --url https://api.brevo.com/v3/contacts \
     --header 'accept: application/json' \
     --header 'api-key: YOUR_API_KEY' \
     --header 'content-type: application/json' \
     --data '
{
  "email": "jane@example.org",
  "attributes": {"FIRSTNAME": "Jane", "LASTNAME": "Doe"},
  "listIds": [15],
  "updateEnabled": true
}
'
""",
        read="flags: https://developers.brevo.com/docs/synchronise-contact-lists, 2026-11-23",
    ),
    PageLine(
        "activecampaign",
        "create",
        r"""
curl --request POST \
     --url https://<your-account>.api-us1.com/api/3/contacts \
     --header 'Api-Token: <your-key>' \
     --header 'content-type: application/json' \
     --data '{"contact": {"email": "jane@example.org", "firstName": "Jane", "lastName": "Doe"}}'
""",
    ),
    PageLine(
        "klaviyo",
        "create",
        r"""
curl --request POST \
     --url https://a.klaviyo.com/api/profiles \
     --header 'Authorization: Klaviyo-API-Key your-private-api-key' \
     --header 'content-type: application/vnd.api+json' \
     --header 'revision: 2026-07-15' \
     --data '{"data": {"type": "profile",
              "attributes": {"email": "jane@example.org", "first_name": "Jane"}}}'
""",
    ),
    PageLine(
        "intercom",
        "create",
        r"""
curl -i -X POST \
  https://api.intercom.io/contacts \
  -H 'Accept: application/json' \
  -H 'Authorization: Bearer <YOUR_TOKEN_HERE>' \
  -H 'Content-Type: application/json' \
  -H 'Intercom-Version: 2.15' \
  -d '{
    "role": "user", "email": "jane@example.org", "name": "Jane Doe", "phone": "+12015550123",
    "custom_attributes": {"source": "newsletter"}
  }'
""",
    ),
    PageLine(
        "sendgrid_marketing",
        "upsert",
        r"""
curl -X PUT "https://api.sendgrid.com/v3/marketing/contacts" \
--header "Authorization: Bearer $SENDGRID_API_KEY" \
--header "Content-Type: application/json" \
--data '{"list_ids": ["'$LIST_ID'"], "contacts": [{"email": "jane@example.org",
  "first_name": "Jane", "last_name": "Doe", "country": "US"}]}'
""",
        {"LIST_ID": "11111111-2222-4333-8444-555555555555"},
    ),
    PageLine(
        "mailerlite",
        "upsert",
        r"""
curl -X POST \
    https://connect.mailerlite.com/api/subscribers \
    -H 'Authorization: Bearer {API_TOKEN}' \
    -H 'Accept: application/json' \
    -H 'Content-Type: application/json' \
    -d '{"email": "jane@example.org", "fields": {"name": "Jane", "last_name": "Doe"},
         "groups": ["{group_id}"], "status": "active", "ip_address": "203.0.113.9"}'
""",
        {"group_id": "4243829086487936"},
    ),
    PageLine(
        "hubspot_contacts",
        "create",
        r"""
curl --request POST \
  --url https://api.hubapi.com/crm/v3/objects/contacts \
  --header 'authorization: Bearer YOUR_ACCESS_TOKEN' \
  --header 'content-type: application/json' \
  --data '{
  "properties": {"email": "jane@example.org", "firstname": "Jane", "lastname": "Doe",
                 "phone": "+12015550123", "country": "US"},
  "associations": []
}'
""",
    ),
    PageLine(
        "getresponse",
        "create",
        r"""
$ curl -H "Content-Type: application/json" -H "X-Auth-Token: api-key <your_api_key>" \
    https://api.getresponse.com/v3/contacts -X POST --data-raw \
    '{"email": "jane@example.org", "name": "Jane Doe",
      "campaign": {"campaignId": "<campaign_id>"}, "ipAddress": "203.0.113.9"}'
""",
        {"campaign_id": "3Va2e"},
    ),
    PageLine(
        "kit_v4",
        "upsert",
        r"""
curl --request POST \
  --url https://api.kit.com/v4/subscribers \
  --header 'Content-Type: application/json' \
  --header 'X-Kit-Api-Key: <YOUR_API_KEY>' \
  --data '{"email_address": "jane@example.org", "first_name": "Jane", "state": "active",
           "fields": {"last_name": "Doe", "source": "newsletter"}}'
""",
    ),
    PageLine(
        "drip",
        "upsert",
        r"""
curl -X POST "https://api.getdrip.com/v2/YOUR_ACCOUNT_ID/subscribers" \
  -H 'User-Agent: LeadDelivery (example.com)' \
  -H 'Content-Type: application/json' \
  -u YOUR_API_KEY: \
  -d '{"subscribers": [{"email": "jane@example.org", "first_name": "Jane",
    "last_name": "Doe", "custom_fields": {"source": "newsletter"}, "tags": ["rokt"]}]}'
""",
        {"ACCOUNT_ID": "1809802"},
        read="user and colon: https://developer.drip.com, 2026-11-23",
    ),
    PageLine(
        "campaign_monitor",
        "json",
        r"""
curl -u {api_key}:x -X POST \
  https://api.createsend.com/api/v3.3/subscribers/{listid}.json \
  -H 'Content-Type: application/json' \
  -d '{"EmailAddress": "jane@example.org", "Name": "Jane Doe",
       "CustomFields": [{"Key": "source", "Value": "newsletter"}], "Resubscribe": true,
       "RestartSubscriptionBasedAutoresponders": true, "ConsentToTrack": "Yes"}'
""",
        {"listid": "a58ee1d3039b8bec838e6d1482a8a965"},
    ),
    PageLine(
        "mailgun",
        "create",
        r"""
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/lists/$LIST_ADDRESS/members \
  --data-urlencode address='jane@example.org' \
  --data-urlencode name='Jane Doe' \
  -d subscribed=yes -d upsert=no \
  --data-urlencode vars='{"source": "newsletter"}'
""",
        {"LIST_ADDRESS": "leads@mg.example.com"},
    ),
    PageLine(
        "iterable",
        "update",
        r"""
curl -X POST 'https://api.iterable.com/api/users/update' \
  --header "Api-Key: ${API_KEY}" \
  --header 'Content-Type: application/json' \
  --data-raw '{"email": "jane@example.org", "mergeNestedObjects": true, "dataFields":
    {"firstName": "Jane", "lastName": "Doe", "source": "newsletter"}}'
""",
    ),
)
