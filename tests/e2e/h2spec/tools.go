//go:build tools

// Names the conformance suite that test_http2.py builds, so that `go mod tidy` keeps it.
package tools

import _ "github.com/summerwind/h2spec"
