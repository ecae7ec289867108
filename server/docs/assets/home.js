// The page shows the address that it was loaded from: it is the one that works for this reader.
for (const element of document.querySelectorAll(".base-url")) element.textContent = `${location.origin}/v1`;
