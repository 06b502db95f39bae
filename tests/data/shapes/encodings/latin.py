#!/usr/bin/env python
# -*- coding: latin-1 -*-
def größe(maß="ä"):
    return maß
