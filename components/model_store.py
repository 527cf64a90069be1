"""What models can be stored in. Both kinds know their `bucket`, and `grant_read` says how an account's pods read it."""

from __future__ import annotations

from components.platform.minio import MinioStore
from components.platform.s3_store import S3Store

ModelStore = MinioStore | S3Store
