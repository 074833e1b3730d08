# One image for web, worker, beat and migrate; docker-compose.yml says which command is which.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --root-user-action ignore --require-hashes --no-deps \
        --requirement requirements.txt

COPY . .
# The settings are complete and worthless: collecting static files needs them to be there.
RUN REFERRAL_EXPORT_MODE=production ALLOWED_HOSTS=image.invalid \
        SECRET_KEY=image-only-4b8d02f6a1c97e35-0e6fa2d8b4c71953-protects-nothing \
        ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
        DATABASE_URL=postgresql://nobody@127.0.0.1/nothing REDIS_URL=redis://127.0.0.1/0 \
        python manage.py collectstatic --noinput \
    && useradd --system --uid 10001 --no-create-home app

USER app
EXPOSE 8000
