"""What the APIs of the world call our attributes, written small and without punctuation."""

from collections.abc import Mapping

_SYNONYMS: Mapping[str, str] = {
    "email": "email emailaddress mail emailid emailaddr useremail emailadress",
    "first_name": (
        "firstname fname givenname forename first namefirst fn givennames firstnames vorname"
        " prenom nombre"
    ),
    "last_name": (
        "lastname lname surname familyname last namelast ln secondname nachname nom apellido"
    ),
    "title": "title salutation honorific nameprefix",
    "mobile_number": (
        "mobile mobilenumber mobilephone phone phonenumber telephone cell cellphone msisdn tel"
        " phoneno mobileno sms smsnumber contactnumber phoneprimary telefon whatsapp"
        " homephone dayphone workphone cellular"
    ),
    "address_line_1": (
        "addressline1 address1 street1 streetaddress street addressline addr1 streetline1"
        " mailingstreet addressstreet streetname address"
    ),
    "address_line_2": "addressline2 address2 street2 addr2 streetline2",
    "unit_number": "unit unitnumber apartment apt suite",
    "suburb": "suburb city town locality cityname",
    "state": "state region province stateprovince statecode regioncode administrativearea",
    "postal_code": (
        "postalcode postcode zip zipcode zippostal postal zippostalcode pincode plz zip5"
    ),
    "country": "country countrycode countryname countryiso countrycodealpha2 isocountry",
    "physical_address": "fulladdress physicaladdress formattedaddress",
    "gender": "gender sex",
    "age": "age",
    "birth_date": "birthdate dob dateofbirth birthday birth bday geburtsdatum",
    "language": "language lang locale languagecode preferredlanguage",
    "ip_address": (
        "ip ipaddress ipaddr clientip remoteip userip ipopt ipsignup optinip signupip ipv4"
        " ipaddressoptin"
    ),
    "source": "source leadsource utmsource signupsource trafficsource customsource",
    "opted_in_at": (
        "optedinat optinat optindate optintime optintimestamp optindatetime timestampopt"
        " timestampsignup signupdate signupat subscribedat subscribeddate consentdate consentat"
        " consenttimestamp createdat createdate creationdate datecreated leaddate leadtime"
        " submittedat submissiondate statuschangedat datetime occurredat timestamp consenttime"
    ),
    "ad_text": "offertext adtext consenttext",
    "audience_name": "audiencename",
    "creative_name": "creativename",
    "currency": "currency currencycode",
    "bid_price": "bidprice",
    "browser": "browser browsername",
    "device_type": "devicetype device",
    "operating_system": "operatingsystem os osname",
    "click_id": "clickid subid",
    "referral.external_id": (
        "externalid externaluserid clientuserid transactionid externalreference externalref"
        " uniqueid externalidentifier referralid"
    ),
}

ATTRIBUTE_OF: Mapping[str, str] = {
    synonym: attribute for attribute, names in _SYNONYMS.items() for synonym in names.split()
}
PREFIXES = (
    "lead", "contact", "customer", "subscriber", "user", "person", "primary", "home", "billing",
    "mailing", "applicant", "consumer", "profile", "personal", "client", "member", "your",
    "default", "recipient", "prospect", "work", "mobile", "attr", "attribute", "sample", "example",
)  # fmt: skip
"""What may stand before a name without changing whose it is."""

FULL_NAMES = frozenset({"name", "fullname", "contactname", "leadname", "customername", "yourname"})
LISTS = frozenset(
    {
        "list", "lists", "campaign", "campaigns", "company", "organization", "organisation",
        "product", "products", "event", "events", "tag", "tags", "segment", "form", "group",
        "groups", "source", "page", "account", "vendor", "offer", "context",
    }
)  # fmt: skip
"""A `name` in one of these is not a person's."""

SENDERS = frozenset({"from", "fromemail", "sender", "senderemail", "replyto", "bcc", "cc", "owner"})
"""An email address under one of these is not the customer's."""

LABELS = frozenset({"name", "key", "field", "fieldname", "attribute", "property", "label"})
CONTENTS = frozenset({"value", "val", "content"})
"""`{"name": "email", "value": "…"}`: the name of the value is the content of its sibling."""

CREDENTIALS = frozenset(
    {
        "apikey", "apitoken", "accesstoken", "authtoken", "secretkey", "apisecret", "privatekey",
        "clientsecret", "password", "passwd", "pwd", "accesskey", "securitytoken", "authkey",
        "apipassword", "sharedsecret", "bearertoken", "xapikey", "signature", "authorization",
        "subscriptionkey", "appkey", "appsecret", "sessiontoken", "refreshtoken", "apiauth",
    }
)  # fmt: skip
CREDENTIALS_OF_PARAMETERS = CREDENTIALS | {"key", "token", "secret", "auth", "pass"}
"""In a form, a query or a header even `key` alone is one; in JSON it may be anything."""

CREDENTIAL_ENDINGS = ("apikey", "token", "secret", "password", "accesskey", "authkey")
NOT_CREDENTIALS = frozenset({"idempotencykey", "nexttoken", "pagetoken", "devicetoken"})
