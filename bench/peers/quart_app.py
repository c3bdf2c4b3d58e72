"""The Quart peer: a torch service as the Infernet documentation describes it, for hypercorn.

POST /service_output takes {"source": 1, "data": {"dtype": str, "values": nested list}}, checked with pydantic,
and answers {"data": [[...], ...]}: one flat list for each row of the result. MODEL names the TorchScript file.
"""
import os
from typing import Any

import torch
from pydantic import BaseModel
from quart import Quart, request

DTYPES = {
    "float": torch.float, "double": torch.double, "half": torch.half, "bfloat16": torch.bfloat16,
    "uint8": torch.uint8, "int8": torch.int8, "short": torch.short, "int": torch.int, "long": torch.long,
    "bool": torch.bool,
}


class InfernetInput(BaseModel):
    source: int
    data: dict[str, Any]


class TorchInput(BaseModel):
    dtype: str
    values: list


app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1 << 28
model = torch.jit.load(os.environ["MODEL"]).eval()


@app.post("/service_output")
async def service_output():
    envelope = InfernetInput(**await request.get_json(force=True))
    data = TorchInput(**envelope.data)
    with torch.inference_mode():
        result = model(torch.tensor(data.values, dtype=DTYPES[data.dtype]))
    return {"data": [row.flatten().tolist() for row in result]}
