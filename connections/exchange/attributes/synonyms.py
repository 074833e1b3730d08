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
