# Libraries from outside that floors link: LAPACK and an FFT. docs/design/dependencies.md says why these.
