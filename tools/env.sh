# Sourced: puts what install_deps.sh installed first on the PATH.
_hg_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PATH="$_hg_root/.deps/bin:$PATH"
export HG_PYTHON="$_hg_root/.deps/venv/bin/python"
export HG_SHARED_DATA="${HG_SHARED_DATA:-$_hg_root/../shared/data}"
unset _hg_root
