"""The GraphQL documents of models and versions; the test that checks them against the schema reads this module."""

from __future__ import annotations

_ERRORS = "userErrors { code message }"
_PAGE = "pageInfo { hasNextPage endCursor }"

MODEL_FIELDS = """id name description createdAt updatedAt tags { key value }
      latestVersion { version } aliases { name modelVersion { version } }"""

VERSION_FIELDS = """id version number stage status statusReason description createdAt
      tags { key value } aliases { name } createdBy { username } candidate { uuid } model { name }"""

VERSION_DETAILS = f"""{VERSION_FIELDS}
      evidence: candidate {{
        id params {{ key value }} metrics {{ key value }} datasets {{ name digest }}
      }}
      artifacts(first: 100) {{ totalCount nodes {{ path size sha256 status }} }}"""

ACCOUNT = """query Account {
  viewer { isAdmin scopes user { username } token { id name expiresAt } }
}"""

TOKEN_REVOKE = f"""mutation TokenRevoke($input: TokenRevokeInput!) {{
  tokenRevoke(input: $input) {{ deletedId {_ERRORS} }}
}}"""

MODELS = f"""query Models($project: String!, $search: String!, $first: Int!, $after: String) {{
  project(by: {{path: $project}}) {{
    models(search: $search, first: $first, after: $after) {{
      nodes {{ {MODEL_FIELDS} }} {_PAGE}
    }}
  }}
}}"""

MODEL = f"""query Model($model: ModelLookup!) {{
  model(by: $model) {{ {MODEL_FIELDS} }}
}}"""

VERSIONS = f"""query Versions(
  $model: ModelLookup!, $reference: String, $search: String!, $first: Int!, $after: String
) {{
  model(by: $model) {{
    versions(
      reference: $reference, search: $search, first: $first, after: $after,
      orderBy: {{field: PRECEDENCE, direction: DESC}}
    ) {{
      nodes {{ {VERSION_FIELDS} }} {_PAGE}
    }}
  }}
}}"""

VERSION = f"""query Version($version: ModelVersionLookup!) {{
  modelVersion(by: $version) {{ {VERSION_DETAILS} }}
}}"""

CANDIDATE_OF_VERSION = """query CandidateOfVersion($version: ModelVersionLookup!) {
  modelVersion(by: $version) { id candidate { id } }
}"""

CANDIDATE_LOG = f"""mutation CandidateLog($input: CandidateLogInput!) {{
  candidateLog(input: $input) {{ candidate {{ id }} {_ERRORS} }}
}}"""

VERSION_UPDATE = f"""mutation VersionUpdate($input: ModelVersionUpdateInput!) {{
  modelVersionUpdate(input: $input) {{ modelVersion {{ id }} {_ERRORS} }}
}}"""

MODEL_UPDATE = f"""mutation ModelUpdate($input: ModelUpdateInput!) {{
  modelUpdate(input: $input) {{ model {{ id }} {_ERRORS} }}
}}"""

STAGE_SET = f"""mutation StageSet($input: ModelVersionStageSetInput!) {{
  modelVersionStageSet(input: $input) {{ modelVersion {{ {VERSION_FIELDS} }} {_ERRORS} }}
}}"""

_VERDICTS = "verdicts { kind name title outcome explanation compared sources isFailing }"
_REQUEST = """id status statusReason version number stage givenReason isAutomatic requestedByUsername
      createdAt expiresAt approvals { username givenAt fellAt fallReason } modelVersion { model { name } }"""

PROMOTE = f"""mutation Promote($input: ModelVersionPromoteInput!) {{
  modelVersionPromote(input: $input) {{
    modelVersion {{ {VERSION_FIELDS} }}
    promotion {{ id status isBypass replacedVersion {_VERDICTS} }} {_ERRORS}
  }}
}}"""

PROMOTION_CHECK = f"""query PromotionCheck($version: ModelVersionLookup!, $stage: String!) {{
  promotionCheck(modelVersion: $version, stage: $stage) {{
    allowsPromotion digest stage replacedVersion {_VERDICTS}
    modelVersion {{
      {VERSION_FIELDS}
      promotionRequests(first: 20) {{ nodes {{ {_REQUEST} }} }}
    }}
  }}
}}"""

PROMOTION_REQUESTS = f"""query PromotionRequests(
  $project: String!, $status: PromotionRequestStatus, $stage: String, $first: Int!
) {{
  project(by: {{path: $project}}) {{
    promotionRequests(status: $status, stage: $stage, first: $first) {{ nodes {{ {_REQUEST} }} }}
  }}
}}"""

PROMOTION_REQUEST = f"""mutation PromotionRequest($input: PromotionRequestCreateInput!) {{
  promotionRequestCreate(input: $input) {{ promotionRequest {{ {_REQUEST} }} {_ERRORS} }}
}}"""

PROMOTION_APPROVE = f"""mutation PromotionApprove($input: PromotionRequestApproveInput!) {{
  promotionRequestApprove(input: $input) {{
    promotionRequest {{ {_REQUEST} }} promotion {{ id status }} {_ERRORS}
  }}
}}"""

PROMOTION_REJECT = f"""mutation PromotionReject($input: PromotionRequestRejectInput!) {{
  promotionRequestReject(input: $input) {{ promotionRequest {{ {_REQUEST} }} {_ERRORS} }}
}}"""

ALIAS_SET = f"""mutation AliasSet($input: AliasSetInput!) {{
  aliasSet(input: $input) {{ alias {{ name modelVersion {{ {VERSION_FIELDS} }} }} {_ERRORS} }}
}}"""

ALIAS_DELETE = f"""mutation AliasDelete($input: AliasDeleteInput!) {{
  aliasDelete(input: $input) {{ deletedId {_ERRORS} }}
}}"""

MODEL_DELETE = f"""mutation ModelDelete($input: ModelDeleteInput!) {{
  modelDelete(input: $input) {{ deletedId {_ERRORS} }}
}}"""

VERSION_DELETE = f"""mutation VersionDelete($input: ModelVersionDeleteInput!) {{
  modelVersionDelete(input: $input) {{ deletedId {_ERRORS} }}
}}"""

DEPLOYMENT_FIELDS = """id environment endpoint instance version number modelName follows status statusReason isDrifting
      startedAt lastHeartbeatAt endedAt"""

DEPLOYMENTS = f"""query Deployments(
  $project: String!, $environment: String, $status: DeploymentStatus, $first: Int!, $after: String
) {{
  project(by: {{path: $project}}) {{
    deployments(environment: $environment, status: $status, first: $first, after: $after) {{
      nodes {{ {DEPLOYMENT_FIELDS} }} {_PAGE}
    }}
  }}
}}"""

DEPLOYMENT_REGISTER = f"""mutation DeploymentRegister($input: DeploymentRegisterInput!) {{
  deploymentRegister(input: $input) {{ deployment {{ {DEPLOYMENT_FIELDS} }} {_ERRORS} }}
}}"""

DEPLOYMENT_HEARTBEAT = f"""mutation DeploymentHeartbeat($input: DeploymentHeartbeatInput!) {{
  deploymentHeartbeat(input: $input) {{ deployment {{ {DEPLOYMENT_FIELDS} }} {_ERRORS} }}
}}"""

DEPLOYMENT_END = f"""mutation DeploymentEnd($input: DeploymentEndInput!) {{
  deploymentEnd(input: $input) {{ deployment {{ {DEPLOYMENT_FIELDS} }} {_ERRORS} }}
}}"""


def _audit(name: str, project: str, declared: str) -> str:
    heads = ", ".join(one for one in (project, "first: 100, after: $after") if one)
    log = ", ".join(one for one in (project, "isOldestFirst: true, first: 100, after: $after") if one)
    if name.endswith("Heads"):
        field = f"auditHeads({heads}) {{ nodes {{ number chainSha256 createdAt }} {_PAGE} }}"
    else:
        field = f"auditLog({log}) {{ nodes {{ number content entrySha256 chainSha256 }} {_PAGE} }}"
    return f"query {name}({declared}$after: String) {{ {field} }}"


_OF_PROJECT = ("project: {path: $project}", "$project: String!, ")
AUDIT_HEADS = _audit("ProjectAuditHeads", *_OF_PROJECT)
AUDIT_LOG = _audit("ProjectAuditLog", *_OF_PROJECT)
INSTALLATION_AUDIT_HEADS = _audit("InstallationAuditHeads", "", "")
INSTALLATION_AUDIT_LOG = _audit("InstallationAuditLog", "", "")
AUDIT_END = """query AuditEnd($project: String!) {
  project(by: {path: $project}) { number }
  auditLog(project: {path: $project}, first: 1) { nodes { number } }
}"""
INSTALLATION_AUDIT_END = "query InstallationAuditEnd { auditLog(first: 1) { nodes { number } } }"

EVALUATION_CREATE = f"""mutation EvaluationCreate($input: EvaluationCreateInput!) {{
  evaluationCreate(input: $input) {{
    evaluation {{
      id datasetName datasetDigest modelVersion {{ version number }} metrics {{ key value slice }}
    }}
    alreadyStored {_ERRORS}
  }}
}}"""
