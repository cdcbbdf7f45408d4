"""The GraphQL documents of the client."""

from __future__ import annotations

UPLOAD = """id path status statusReason alreadyStored partSize partCount backgroundJob { id }
  artifact { status statusReason }"""
PARTS = "number offset size url"

VIEWER = """query Viewer($project: String!) {
  viewer { scopes }
  project(by: {path: $project}) { id }
}"""

MODEL = """query Model($model: ModelLookup!) { model(by: $model) { id } }"""

MODEL_CREATE = """mutation ModelCreate($input: ModelCreateInput!) {
  modelCreate(input: $input) { model { id } userErrors { code message } }
}"""

VERSION_FIELDS = "id version number tags { key value }"

VERSION_BY_ID = f"""query Version($id: ID!) {{ node(id: $id) {{ ... on ModelVersion {{ {VERSION_FIELDS} }} }} }}"""

NEWEST_VERSIONS = f"""query Newest($model: ModelLookup!) {{
  model(by: $model) {{
    versions(first: 100, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ {VERSION_FIELDS} }} }}
  }}
}}"""

VERSION_CREATE = f"""mutation VersionCreate($input: ModelVersionCreateInput!) {{
  modelVersionCreate(input: $input) {{ modelVersion {{ {VERSION_FIELDS} }} userErrors {{ code message }} }}
}}"""

VERSION_COMPLETE = f"""mutation VersionComplete($input: ModelVersionCompleteInput!) {{
  modelVersionComplete(input: $input) {{ modelVersion {{ {VERSION_FIELDS} }} userErrors {{ code message }} }}
}}"""

VERSION_CHECK = """query VersionCheck($input: ModelVersionCheckInput!) {
  modelVersionCheck(input: $input) { version userErrors { code message } }
}"""

CANDIDATE = """query Candidate($candidate: CandidateLookup!) { candidate(by: $candidate) { id uuid name } }"""

UPLOAD_CREATE = f"""mutation UploadCreate($input: ArtifactUploadCreateInput!) {{
  artifactUploadCreate(input: $input) {{
    artifactUploads {{ {UPLOAD} parts(maxParts: 2) {{ {PARTS} }} }}
    userErrors {{ code message }}
  }}
}}"""

UPLOAD_COMPLETE = """mutation UploadComplete($input: ArtifactUploadCompleteInput!) {
  artifactUploadComplete(input: $input) { backgroundJob { id } userErrors { code message } }
}"""

UPLOAD_ABORT = """mutation UploadAbort($input: ArtifactUploadAbortInput!) {
  artifactUploadAbort(input: $input) { artifactUploads { id } userErrors { code message } }
}"""

UPLOADS = f"""query Uploads($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on ArtifactUpload {{ {UPLOAD} }} }} }}"""

MISSING_PARTS = f"""query MissingParts($id: ID!, $afterNumber: Int!) {{
  artifactUpload(by: {{id: $id}}) {{
    parts(maxParts: 1000, afterNumber: $afterNumber, missingOnly: true) {{ {PARTS} }}
  }}
}}"""

JOB = """query Job($id: ID!) { node(id: $id) { ... on BackgroundJob { status done total statusReason } } }"""

ARTIFACT_FIELDS = "id path size sha256 status statusReason downloadUrl"

VERSION_FILES = f"""query VersionFiles($version: ModelVersionLookup!, $after: String) {{
  modelVersion(by: $version) {{
    id version number status statusReason isComplete artifactFolder warnings model {{ name }}
    artifacts(first: 100, after: $after) {{
      nodes {{ {ARTIFACT_FIELDS} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

CANDIDATE_FILES = f"""query CandidateFiles($candidate: CandidateLookup!, $after: String) {{
  candidate(by: $candidate) {{
    id uuid name
    artifacts(first: 100, after: $after) {{
      nodes {{ {ARTIFACT_FIELDS} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

LINK = """query Link($id: ID!) { node(id: $id) { ... on Artifact { sha256 downloadUrl } } }"""
