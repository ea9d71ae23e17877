/** Istio's ReferencedResourceNotFound. */
export const REFERENCE_CODE = "IST0101";
