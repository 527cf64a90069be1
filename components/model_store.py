"""The kinds of model store. Both have a `bucket`, and their `grant_read` gives an account's pods read access."""

from __future__ import annotations

from components.platform.minio import MinioStore
from components.platform.s3_store import S3Store

ModelStore = MinioStore | S3Store
