"""The FastAPI peer: the usual way to put a PyTorch model behind HTTP, for uvicorn.

POST /service_output takes {"source": 1, "data": {"dtype": str, "values": nested list}} and answers
{"data": [[...], ...]}. The end point is async: for these models that is faster than FastAPI's thread pool.
MODEL names the TorchScript file.
"""
import os

import torch
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

DTYPES = {
    "float": torch.float, "double": torch.double, "half": torch.half, "bfloat16": torch.bfloat16,
    "uint8": torch.uint8, "int8": torch.int8, "short": torch.short, "int": torch.int, "long": torch.long,
    "bool": torch.bool,
}


class TorchInput(BaseModel):
    dtype: str
    values: list


class InfernetInput(BaseModel):
    source: int
    data: TorchInput


app = FastAPI()
model = torch.jit.load(os.environ["MODEL"]).eval()


@app.post("/service_output")
async def service_output(body: InfernetInput):
    with torch.inference_mode():
        result = model(torch.tensor(body.data.values, dtype=DTYPES[body.data.dtype]))
    return JSONResponse({"data": [row.flatten().tolist() for row in result]})
