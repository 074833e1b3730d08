-- Gives the two roles the passwords of .env; psql of the postgres image runs it after roles.sql.
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv application_password DATABASE_PASSWORD
ALTER ROLE referral_export_owner PASSWORD :'owner_password';
ALTER ROLE referral_export_app PASSWORD :'application_password';
