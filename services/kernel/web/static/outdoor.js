// Before anything is painted: what the reader chose on this device, for a page that is kept and knows of no cookie.
document.documentElement.toggleAttribute("data-outdoor", document.cookie.includes("kycuong_view=outdoor"));
