import pytest

from referral_export.mail import MailServer, mail_server


@pytest.mark.parametrize(
    ("scheme", "rest", "port", "is_tls"),
    [("smtp", "", 587, False), ("smtps", "/", 465, True), ("smtps", ":2465", 2465, True)],
)
def test_mail_server_is_read_with_its_credentials(scheme, rest, port, is_tls):
    found = mail_server(f"{scheme}://us%40er:hid%2Fden@mail.example.com{rest}")

    assert found == MailServer("mail.example.com", port, "us@er", "hid/den", is_tls)
