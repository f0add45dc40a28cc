"""Asks Hugging Face whether it has the files of the catalogue, and where. Called by sources.py.

huggingface_hub asks `/api/models/REPO/revision/REVISION?blobs=true`, which tells commit, sizes and hashes, and makes
the address of each file, `/REPO/resolve/COMMIT/PATH`. The transfer itself is ours (transfers.py), because from 2.x on
`hf_hub_download` removes what has come when it is interrupted. HF_ENDPOINT leads both to a mirror. This was written
from the source of huggingface_hub 2.4 and is tested against a server that answers in the hub's way; the hub itself was
not reached.
"""

from collections.abc import Sequence

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # kept there for users like us

from assistant.models.catalogue import Hub, ModelFile
from assistant.models.transfers import SourceError

TIMEOUT_S = 30.0


def addresses(source: Hub, files: Sequence[ModelFile]) -> list[str]:
    """Where the files are, after the hub has said that they are the catalogue's; SourceError if it has others."""
    hub = HfApi(token=False)
    try:
        info = hub.model_info(source.repo, revision=source.revision, files_metadata=True, timeout=TIMEOUT_S)
    except (OSError, ValueError, httpx.HTTPError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise SourceError(f"the hub could not be asked ({reason})") from error
    there = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    for path, file in zip(source.paths, files, strict=True):
        found = there.get(path)
        if found is None:
            raise SourceError(f"the hub has no {path} at {source.revision}")
        sha256 = found.lfs.sha256 if found.lfs else file.sha256  # small files are not in LFS: only their size is told
        if (found.size, sha256) != (file.n_bytes, file.sha256):
            raise SourceError(f"the hub has another {path} than the catalogue: {found.size} bytes, sha256 {sha256}")
    return [hf_hub_url(source.repo, path, revision=info.sha) for path in source.paths]
