internal import Platform
