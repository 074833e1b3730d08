-- The two roles of the database: one owns and migrates, the application's owns nothing.
-- Run once by a superuser in the new database, by the embedded server and by Docker's alike.
CREATE ROLE referral_export_owner LOGIN;
CREATE ROLE referral_export_app LOGIN;

ALTER DATABASE referral_export OWNER TO referral_export_owner;
REVOKE ALL ON DATABASE referral_export FROM PUBLIC;
GRANT CONNECT ON DATABASE referral_export TO referral_export_app;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO referral_export_owner;
GRANT USAGE ON SCHEMA public TO referral_export_app;

-- What the owner creates from now on, the application may use but not change.
ALTER DEFAULT PRIVILEGES FOR ROLE referral_export_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO referral_export_app;
ALTER DEFAULT PRIVILEGES FOR ROLE referral_export_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO referral_export_app;
